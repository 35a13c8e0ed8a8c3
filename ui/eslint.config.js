import js from "@eslint/js";
import globals from "globals";
import tseslint from "typescript-eslint";
import jsxA11y from "eslint-plugin-jsx-a11y";
import reactHooks from "eslint-plugin-react-hooks";
import layers from "./lint/layers.js";

const src = new URL("./src", import.meta.url).pathname;

export default tseslint.config(
  { ignores: ["node_modules", "src/api/schema.d.ts", "test-results", "playwright-report", "screenshots"] },
  js.configs.recommended,
  {
    files: ["**/*.{ts,tsx}"],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: {
        project: ["./tsconfig.json", "./tsconfig.node.json"],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      eqeqeq: ["error", "always", { null: "ignore" }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
    },
  },
  {
    files: ["src/**/*.{ts,tsx}"],
    languageOptions: { globals: globals.browser },
    plugins: { inspector: { rules: { layers } }, "react-hooks": reactHooks },
    extends: [jsxA11y.flatConfigs.strict],
    rules: {
      ...reactHooks.configs.recommended.rules,
      // Warns that the React compiler will skip components with a virtualizer; this build doesn't use the compiler.
      "react-hooks/incompatible-library": "off",
      "inspector/layers": ["error", { src }],
    },
  },
  {
    files: ["scripts/**", "lint/**", "*.js"],
    languageOptions: { globals: globals.node },
  },
  {
    // Parts of the measurement run in the page.
    files: ["bench/**"],
    languageOptions: { globals: { ...globals.node, ...globals.browser } },
  },
);
