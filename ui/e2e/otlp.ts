const START = 1_763_680_000_000;

/** One finished agent run as an OpenTelemetry exporter would send it: an agent, a chat and a tool that failed. */
export function otlpRun(conversation: string): object {
  return {
    resourceSpans: [
      {
        resource: { attributes: [attribute("service.name", "replayed-agent")] },
        scopeSpans: [
          {
            scope: { name: "e2e.replay", version: "1.0.0" },
            spans: [
              span("00000000000000a1", undefined, "invoke_agent replayed", 0, 9_000, [
                attribute("gen_ai.operation.name", "invoke_agent"),
                attribute("gen_ai.agent.name", "replayed"),
                attribute("gen_ai.conversation.id", conversation),
              ]),
              span("00000000000000a2", "00000000000000a1", "chat gpt-4o", 100, 4_000, [
                attribute("gen_ai.operation.name", "chat"),
                attribute("gen_ai.request.model", "gpt-4o"),
                attribute("gen_ai.conversation.id", conversation),
                { key: "gen_ai.usage.input_tokens", value: { intValue: "1200" } },
                { key: "gen_ai.usage.output_tokens", value: { intValue: "300" } },
              ]),
              {
                ...span("00000000000000a3", "00000000000000a1", "execute_tool bash", 4_100, 8_800, [
                  attribute("gen_ai.operation.name", "execute_tool"),
                  attribute("gen_ai.tool.name", "bash"),
                  attribute("gen_ai.conversation.id", conversation),
                ]),
                status: { code: 2, message: "exit status 1" },
              },
            ],
          },
        ],
      },
    ],
  };
}

function span(spanId: string, parentSpanId: string | undefined, name: string, from: number, to: number, attributes: object[]) {
  return {
    traceId: "0af7651916cd43dd8448eb211c8031e2",
    spanId,
    ...(parentSpanId !== undefined && { parentSpanId }),
    name,
    kind: 1,
    startTimeUnixNano: `${START + from}000000`,
    endTimeUnixNano: `${START + to}000000`,
    attributes,
    status: {},
  };
}

function attribute(key: string, text: string): object {
  return { key, value: { stringValue: text } };
}

/** One finished span with a name of its own, in a session and trace of its own. */
export function otlpSpan(serial: number, name: string): object {
  const traceId = serial.toString(16).padStart(32, "e");
  const one = span(serial.toString(16).padStart(16, "b"), undefined, name, 0, 10, [
    attribute("gen_ai.operation.name", "invoke_agent"),
    attribute("gen_ai.agent.name", name),
    attribute("gen_ai.conversation.id", `e2e-${serial}`),
  ]);
  return { resourceSpans: [{ scopeSpans: [{ scope: { name: "e2e" }, spans: [{ ...one, traceId }] }] }] };
}
