import { useEffect, useState } from "react";

/**
 * The value once it has been still for `ms`: for requests that follow typing or a held-down arrow key. `first` is the
 * answer until then.
 */
export function useDebounced<T, First = T>(value: T, ms: number, first: First): T | First {
  const [settled, setSettled] = useState<T | First>(first);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return settled;
}
