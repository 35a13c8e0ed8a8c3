// What is tested without a page may still run in a worker of it, and that has an address.
Reflect.set(globalThis, "location", new URL("http://localhost:3000/"));
