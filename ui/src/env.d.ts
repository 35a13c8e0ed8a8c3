interface ImportMetaEnv {
  /** Mount path for `vite dev`, when it isn't `/_inspector/`. */
  readonly VITE_INSPECTOR_MOUNT?: string;
}
