import { useEffect, useRef, useState } from 'react';
import { useStore } from '@/api/store';
import { theme } from '@/app/theme';
import type { Plot } from './plot';
import { draw, type Cursor, type Drawn } from './draw';
import 'uplot/dist/uPlot.min.css';

/** The canvas of a chart, and what stands under the pointer. Loaded apart from the pages. */
export default function TimeChart({ plot }: { plot: Plot }) {
  const frame = useRef<HTMLDivElement>(null);
  const drawn = useRef<Drawn>(undefined);
  const latest = useRef(plot);
  const [cursor, setCursor] = useState<Cursor>();
  const chosen = useStore(theme);
  const dark = useSystemDark();
  const shape = plot.series.map(({ label, look }) => `${label}/${look}`).join();

  useEffect(() => {
    if (!frame.current) return undefined;
    const chart = draw(frame.current, latest, setCursor);
    drawn.current = chart;
    return () => chart.destroy();
  }, [shape, chosen, dark]);

  useEffect(() => {
    latest.current = plot;
    drawn.current?.update();
  }, [plot]);

  return (
    <div className="chart-canvas" ref={frame} role="img" aria-label={plot.summary}>
      {cursor && plot.xs[cursor.index] !== undefined && (
        <div
          className="chart-tip"
          style={{ left: cursor.left, top: 4, translate: cursor.flip ? 'calc(-100% - 12px)' : '12px' }}
        >
          <strong>{plot.sayX(cursor.index)}</strong>
          {plot.series.map(({ label, look, say }) => (
            <div key={label}>
              <span className={look}>{label}</span>
              <span>{say(cursor.index)}</span>
            </div>
          ))}
        </div>
      )}
    </div>
  );
}

function useSystemDark(): boolean {
  const [dark, setDark] = useState(false);
  useEffect(() => {
    const query = window.matchMedia('(prefers-color-scheme: dark)');
    const look = () => setDark(query.matches);
    look();
    query.addEventListener('change', look);
    return () => query.removeEventListener('change', look);
  }, []);
  return dark;
}
