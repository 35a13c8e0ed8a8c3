// A client of the official TypeScript SDK: lists the tools of the server at an address, and calls them. In a revision of the
// protocol that is older than the newest when the second argument is `legacy`.

const [address, mode, packages] = process.argv.slice(2);
const { Client, StreamableHTTPClientTransport } = await import(`${packages}/@modelcontextprotocol/client/dist/index.mjs`);

const options = { capabilities: { elicitation: { form: {} } }, versionNegotiation: { mode } };
const client = new Client({ name: 'js-client', version: '1' }, options);
client.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: { agreed: true } }));
const transport = new StreamableHTTPClientTransport(new URL(address));
await client.connect(transport);
const tools = (await client.listTools()).tools.map((tool) => tool.name);
const texts = [];
for (const [name, given] of [['add', { a: 1, b: 2 }], ['divide', { a: 1, b: 0 }], ['forget', {}]]) {
  texts.push((await client.callTool({ name, arguments: given })).content[0].text);
}
console.log(JSON.stringify({ version: client.getNegotiatedProtocolVersion(), tools, texts }));
await transport.terminateSession?.();
await client.close();
