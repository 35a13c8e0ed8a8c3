import { dirname, relative, resolve, sep } from "node:path";

/**
 * The one-way order of `src/`: a file may import its own layer and the ones before it.
 * `wire` is the generated schema and its aliases: pure types, so even `model` may name them.
 */
const ORDER = ["wire", "model", "api", "worker", "components", "features", "app"];
const WIRE = /^api[\\/](types|schema)(\.d)?(\.ts)?$/;

function place(src, path) {
  const inside = relative(src, path);
  if (inside.startsWith("..")) return undefined;
  if (WIRE.test(inside)) return { layer: "wire" };
  const [layer, feature] = inside.split(sep);
  if (!ORDER.includes(layer)) return undefined;
  return { layer, feature: layer === "features" ? feature : undefined };
}

export default {
  meta: {
    type: "problem",
    schema: [{ type: "object", properties: { src: { type: "string" } }, required: ["src"] }],
    messages: {
      upward: "{{from}} may not import {{to}}: the order is model <- api <- worker <- components <- features <- app.",
      sideways: "Feature {{from}} may not import feature {{to}}: link to its address instead.",
    },
  },
  create(context) {
    const { src } = context.options[0];
    const here = place(src, context.filename);
    if (here === undefined) return {};
    function check(node) {
      const source = node.source?.value;
      if (typeof source !== "string" || !source.startsWith(".")) return;
      const there = place(src, resolve(dirname(context.filename), source));
      if (there === undefined) return;
      if (ORDER.indexOf(there.layer) > ORDER.indexOf(here.layer)) {
        context.report({ node, messageId: "upward", data: { from: here.layer, to: there.layer } });
      } else if (here.feature !== undefined && there.feature !== undefined && here.feature !== there.feature) {
        context.report({ node, messageId: "sideways", data: { from: here.feature, to: there.feature } });
      }
    }
    return {
      ImportDeclaration: check,
      ImportExpression: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
    };
  },
};
