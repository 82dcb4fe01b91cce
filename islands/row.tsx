import { Component } from "preact";
import type { Acting } from "./acting.ts";
import { Bubble } from "./bubble.tsx";
import { FailedAct } from "./failed.tsx";
import { isSame, type Row } from "./rows.ts";

interface Props {
  row: Row;
  acting: Acting;
  open: boolean;
  unfold: (key: string) => void;
}

/** One row, and what stands above it. A class: of those that are drawn, only the changed ones are drawn again. */
export class RowView extends Component<Props> {
  override shouldComponentUpdate({ row, open }: Props): boolean {
    return open !== this.props.open || !isSame(row, this.props.row);
  }

  override render({ row, acting, open, unfold }: Props) {
    return (
      <div class="row" data-line={seqOf(row)}>
        {row.day && (
          <h2 class="day">
            <span>{row.day}</span>
          </h2>
        )}
        {row.news && <p class="new" role="separator">New since you left</p>}
        {row.is === "said" && <Bubble said={row} acting={acting} open={open} unfold={unfold} />}
        {row.is === "notice" && <p class="note notice" dir="auto">{row.text}</p>}
        {row.is === "stray" && <FailedAct pending={row.pending} acting={acting} />}
      </div>
    );
  }
}

function seqOf(row: Row): number | undefined {
  if (row.is === "stray") return undefined;
  return row.is === "notice" ? row.seq : row.message?.seq;
}
