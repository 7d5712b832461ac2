import { durationOf } from '../appearance/format.ts';
import type { Holder, Judgement } from './holders.ts';

const judgements: Record<Judgement, { text: string; level: string | undefined }> = {
  current: { text: 'current', level: 'fresh' },
  old: { text: 'old', level: 'stale' },
  none: { text: '', level: undefined },
  unknown: { text: '?', level: 'unknown' },
};

export function HolderTable({ holders }: { holders: readonly Holder[] }) {
  return (
    <table class="holders cards">
      <thead>
        <tr>
          <th scope="col">Where</th>
          <th scope="col">Holds</th>
          <th scope="col" class="number">
            Version
          </th>
          <th scope="col" class="number">
            Age
          </th>
          <th scope="col" class="number">
            Time left
          </th>
        </tr>
      </thead>
      <tbody>
        {holders.map((holder) => (
          <HolderRow key={holder.place + holder.name} holder={holder} />
        ))}
      </tbody>
    </table>
  );
}

function HolderRow({
  holder: { name, place, holds, judgement, version, ageMs, ttlMs, leftMs },
}: {
  holder: Holder;
}) {
  const { text, level } = judgements[judgement];
  return (
    <tr data-place={place}>
      <th scope="row">{name}</th>
      <td data-label="Holds">
        {holds}
        {text !== '' && place !== 'origin' && <small data-level={level}>{text}</small>}
      </td>
      <td class="number" data-label="Version">
        <span class="code">{version ?? '–'}</span>
      </td>
      <td class="number" data-label="Age">
        {ageMs === null ? '–' : durationOf(ageMs)}
      </td>
      <td class="number" data-label="Time left">
        {leftMs === null ? '–' : durationOf(leftMs)}
        {ttlMs !== null && <small>of {durationOf(ttlMs)}</small>}
      </td>
    </tr>
  );
}
