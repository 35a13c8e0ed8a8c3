import { useEffect, useState } from "react";
import type { Json } from "../../../model/schemaForm";

/** What was begun is still there after a reload, until it was taken. A browser that keeps nothing keeps nothing. */
export function useDraft(key: string, initial: Json | undefined): [Json | undefined, (value: Json | undefined) => void, () => void] {
  const name = `inspector.draft.${key}`;
  const [value, setValue] = useState(() => kept(name) ?? initial);
  useEffect(() => {
    try {
      if (value === undefined) sessionStorage.removeItem(name);
      else sessionStorage.setItem(name, JSON.stringify(value));
    } catch {
      // Full, or forbidden: the answer is in the form all the same.
    }
  }, [name, value]);
  const forget = (): void => {
    // At once too: the form may be gone before anything else is done.
    try {
      sessionStorage.removeItem(name);
    } catch {
      // Then it kept nothing.
    }
    setValue(undefined);
  };
  return [value, setValue, forget];
}

function kept(name: string): Json | undefined {
  try {
    return JSON.parse(sessionStorage.getItem(name) ?? "") as Json;
  } catch {
    return undefined;
  }
}
