import { Sheet } from "./sheet.tsx";

interface Props {
  title: string;
  text: string;
  yes: string;
  /** Whether something is lost by it. */
  bad: boolean;
  onYes: () => void;
  onNo: () => void;
}

/** Asks once. */
export function Question({ title, text, yes, bad, onYes, onNo }: Props) {
  return (
    <Sheet label={title} kind="middle" onClose={onNo}>
      <div class="form">
        <h2>{title}</h2>
        <p>{text}</p>
        <div class="form-acts">
          <button type="button" class="second" autofocus={bad} onClick={onNo}>Cancel</button>
          <button type="button" class="first" data-bad={bad} autofocus={!bad} onClick={onYes}>{yes}</button>
        </div>
      </div>
    </Sheet>
  );
}
