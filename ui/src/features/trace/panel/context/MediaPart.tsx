import { useMemo } from "react";
import type { Media, Span } from "../../../../api/types";
import { Revealed } from "../../../../components/Revealed";
import { formatBytes, formatCount } from "../../../../model/format";
import { type NoPicture, pictureOf } from "../../../../model/picture";
import { revealed } from "../../../../model/reveal";
import { Findable } from "./find";
import { Address } from "./Part";

const WORDS = { image: "Picture", audio: "Sound", video: "Film", file: "File" } as const;

const WHY: Record<NoPicture, string> = {
  elsewhere: "Its bytes aren’t in the span, and nothing is fetched from elsewhere.",
  cut: "Its bytes were cut before they were stored, so it cannot be drawn.",
  unsupported: "It is no PNG, JPEG, GIF or WebP, and other formats are not drawn.",
  "too-large": "It says that it has more than 40 million points, so it is not drawn.",
};

/** Something that is not text: drawn only when it is a picture whose bytes lie in the span. */
export function MediaPart({ part, span }: { part: Media & { type: keyof typeof WORDS }; span: Span }) {
  const picture = useMemo(() => (part.type === "image" ? pictureOf(part, span) : undefined), [part, span]);
  const facts = [part.mime_type, part.name, part.file_id != null ? `id ${part.file_id}` : undefined];
  return (
    <div className="media">
      <p>
        <strong>{WORDS[part.type]}</strong>{" "}
        {facts.map((fact, index) =>
          fact == null ? null : (
            <span key={index} className="faint foreign">
              <Revealed text={fact} />{" "}
            </span>
          ),
        )}
        {part.size != null && <span className="faint">{formatBytes(part.size)} </span>}
        {typeof picture === "object" && (
          <span className="faint">
            {formatCount(picture.width)} × {formatCount(picture.height)}
          </span>
        )}
      </p>
      {part.uri != null && <Address uri={part.uri} subject={part} />}
      {typeof picture === "object" && (
        <img
          src={picture.url}
          width={picture.width}
          height={picture.height}
          alt={`Embedded in the message, ${formatCount(picture.width)} by ${formatCount(picture.height)} points`}
          decoding="async"
        />
      )}
      {typeof picture === "string" && <p className="context-note">{WHY[picture]}</p>}
      {part.type !== "image" && part.data != null && (
        <p className="context-note">
          Its bytes stand in the attribute <code className="foreign">{revealed(part.data.attribute)}</code>.
        </p>
      )}
      {part.transcript != null && (
        <blockquote className="foreign">
          <Findable subject={part} side="text">{() => <Revealed text={part.transcript ?? ""} />}</Findable>
        </blockquote>
      )}
    </div>
  );
}
