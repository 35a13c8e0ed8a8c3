import { memo } from "react";
import { reveal } from "../model/reveal";
import "./revealed.css";

/** Text as text: what it would hide, turn around or command is told by a mark in its place. */
export const Revealed = memo(function Revealed({ text }: { text: string }) {
  const pieces = reveal(text);
  if (pieces.length === 1 && typeof pieces[0] === "string") return pieces[0];
  return pieces.map((piece, index) =>
    typeof piece === "string" ? (
      piece
    ) : (
      <span key={index} className="revealed" title={piece.name}>
        {piece.label}
      </span>
    ),
  );
});
