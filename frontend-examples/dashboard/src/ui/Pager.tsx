import { Button } from './Button';

interface Props {
  info: {
    hasNextPage: boolean;
    hasPreviousPage: boolean;
    startCursor?: string | null;
    endCursor?: string | null;
  };
  atStart: boolean;
  busy: boolean;
  onFirst: () => void;
  onNewer: (before: string) => void;
  onOlder: (after: string) => void;
  names?: [first: string, back: string, on: string];
}

/** Pages by cursor: rows that come in meanwhile shift nothing. */
export function Pager({
  info,
  atStart,
  busy,
  onFirst,
  onNewer,
  onOlder,
  names = ['Newest', 'Newer', 'Older'],
}: Props) {
  const { startCursor, endCursor } = info;
  const mayGoBack = !atStart && Boolean(startCursor);
  return (
    <div className="card-foot" aria-busy={busy}>
      <Button size="small" look="plain" disabled={atStart} onClick={onFirst}>
        {names[0]}
      </Button>
      <div className="buttons">
        <Button
          size="small"
          icon="left"
          disabled={!mayGoBack}
          onClick={() => startCursor && onNewer(startCursor)}
        >
          {names[1]}
        </Button>
        <Button size="small" disabled={!info.hasNextPage} onClick={() => endCursor && onOlder(endCursor)}>
          {names[2]}
        </Button>
      </div>
    </div>
  );
}
