import type { CutMark } from "../../../model/cut";
import { formatBytes } from "../../../model/format";

/** That a value was cut, by how much, and how to have it whole the next time. */
export function CutNote({ cut }: { cut: CutMark }) {
  const { kept, whole } = cut;
  return (
    <p className="cut-note">
      <span className="cut-mark">cut</span>{" "}
      {whole === undefined
        ? `${formatBytes(kept)} are kept; marks inside say what is missing.`
        : `${formatBytes(kept)} of ${formatBytes(whole)} are kept.`}{" "}
      A value above 30 KiB is cut before it is stored, so the rest is not here. To have all of it, record it in several
      attributes, or as a file that the span names.
    </p>
  );
}
