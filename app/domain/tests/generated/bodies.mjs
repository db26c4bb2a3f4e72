// Prints the bodies that modules send, as lists of numbers.
import { pathToFileURL } from "node:url";

globalThis.sent = [];
console.error = () => {};
for (const path of process.argv.slice(2)) {
  await import(pathToFileURL(path));
}
console.log(JSON.stringify(globalThis.sent));
