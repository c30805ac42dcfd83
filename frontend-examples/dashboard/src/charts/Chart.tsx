import { lazy, Suspense, useState } from 'react';
import { Skeleton } from '@/ui/Skeleton';
import type { Plot } from './plot';

const TimeChart = lazy(() => import('./TimeChart'));
const MOST_ROWS = 200;

/** A chart, its legend, and the same as a table. */
export function Chart({ plot }: { plot: Plot }) {
  return (
    <figure className="chart">
      <Suspense fallback={<Skeleton height={plot.height ?? 220} />}>
        <TimeChart plot={plot} />
      </Suspense>
      <figcaption>
        {plot.series.length > 1 && (
          <ul className="legend">
            {plot.series.map(({ label, look }) => (
              <li key={label}>
                <span className={`swatch ${look}`} />
                {label}
              </li>
            ))}
          </ul>
        )}
        <AsTable plot={plot} />
      </figcaption>
    </figure>
  );
}

function AsTable({ plot }: { plot: Plot }) {
  const [open, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>As a table</summary>
      {open && (
        <div className="table-frame" tabIndex={0} role="region" aria-label={plot.summary}>
          <table className="table">
            <thead>
              <tr>
                <th scope="col">Time</th>
                {plot.series.map(({ label }) => (
                  <th key={label} scope="col" className="end">
                    {label}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {plot.xs
                .map((_, index) => index)
                .reverse()
                .slice(0, MOST_ROWS)
                .map((index) => (
                  <tr key={index}>
                    <td>{plot.sayX(index)}</td>
                    {plot.series.map(({ label, say }) => (
                      <td key={label} className="end">
                        {say(index)}
                      </td>
                    ))}
                  </tr>
                ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  );
}
