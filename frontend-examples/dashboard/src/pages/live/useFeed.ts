import { useEffect, useRef, useState } from 'react';
import type { Fault } from '@/api/faults';
import { isFinal } from '@/api/follow';
import { useFollow } from '@/api/useFollow';
import { BalanceFeedDocument } from '@/gql/graphql';
import { append, MOST_ROWS, rowOf, type Row } from './feed';
import { Flows } from './flow';

/** Often enough to look live, seldom enough to be cheap at any rate of changes. */
const SHOWN_EVERY_MS = 200;

/** Every change of every wallet, as it comes. */
export function useFeed(minAmount: string | undefined) {
  const [rows, setRows] = useState<readonly Row[]>([]);
  const [paused, setPaused] = useState(false);
  const [held, setHeld] = useState(0);
  const [gapAt, setGapAt] = useState<number>();
  const [fault, setFault] = useState<Fault>();
  const [flows] = useState(() => new Flows());
  const waiting = useRef<Row[]>([]);
  const cursor = useRef<string>(undefined);

  useFollow(minAmount ?? 'all', {
    document: BalanceFeedDocument,
    variables: () => ({ afterCursor: cursor.current, minAmount }),
    onData(data) {
      const row = rowOf(data);
      // The first event is no change: it says from where to go on.
      const isFirst = cursor.current === undefined && data.adminBalanceFeed.snapshot;
      cursor.current = row.id;
      if (isFirst) return;
      flows.add([row]);
      waiting.current.push(row);
      // Of what waits while paused, the newest are kept, as in the table.
      if (waiting.current.length > MOST_ROWS * 1.1) waiting.current = waiting.current.slice(-MOST_ROWS);
    },
    onFault(found) {
      if (isFinal(found)) setFault(found);
      if (found.code !== 'CURSOR_EXPIRED') return;
      // What was missed is more than the service keeps: go on from now, and say so.
      cursor.current = undefined;
      setGapAt(Date.now());
    },
  });

  useEffect(() => {
    const timer = setInterval(() => {
      if (paused) return setHeld(waiting.current.length);
      if (waiting.current.length === 0) return undefined;
      const more = waiting.current;
      waiting.current = [];
      return setRows((before) => append(before, more));
    }, SHOWN_EVERY_MS);
    return () => clearInterval(timer);
  }, [paused]);

  function pause(on: boolean) {
    setHeld(0);
    setPaused(on);
  }
  return { rows, flows, paused, pause, held, gapAt, fault, clear: () => setRows([]) };
}
