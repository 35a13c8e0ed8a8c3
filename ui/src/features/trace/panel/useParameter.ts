import { useCallback } from "react";
import { useSearchParams } from "wouter";

/** One parameter of the address, and how to change it; the others are left alone. */
export function useParameter(name: string): [value: string | undefined, set: (value: string | undefined) => void] {
  const [parameters, setParameters] = useSearchParams();
  const set = useCallback(
    (value: string | undefined) => {
      setParameters(
        (now) => {
          const next = new URLSearchParams(now);
          if (value === undefined) next.delete(name);
          else next.set(name, value);
          return next;
        },
        { replace: true },
      );
    },
    [name, setParameters],
  );
  return [parameters.get(name) ?? undefined, set];
}
