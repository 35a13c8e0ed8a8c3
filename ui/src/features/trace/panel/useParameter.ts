import { useCallback } from "react";
import { useAddress } from "../../../components/useAddress";

/** One parameter of the address, and how to change it; the others are left alone. */
export function useParameter(name: string): [value: string | undefined, set: (value: string | undefined) => void] {
  const [parameters, change] = useAddress();
  const set = useCallback((value: string | undefined) => change({ [name]: value }), [name, change]);
  return [parameters.get(name) ?? undefined, set];
}
