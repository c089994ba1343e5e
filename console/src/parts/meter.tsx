/** How much of a whole: a bar to see, and the same in words for those who don't. */
export interface MeterProps {
  readonly label: string;
  /** 0 to 1. */
  readonly part: number;
  readonly text: string;
  readonly tone?: 'plain' | 'warn' | 'bad' | 'good';
}

export function Meter({ label, part, text, tone = 'plain' }: MeterProps) {
  const percent = Math.round(Math.min(1, Math.max(0, part)) * 100);
  return (
    <div class={`meter ${tone}`}>
      <meter class="unseen" aria-label={label} min={0} max={100} value={percent}>
        {text}
      </meter>
      <span style={{ width: `${percent}%` }} />
    </div>
  );
}
