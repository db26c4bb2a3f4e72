// Stands in for the AWS SDK: keeps what is sent.
export const fromTemporaryCredentials = (options) => options;
export const fromIni = (options) => options;

export class InvokeEndpointCommand {
  constructor(input) {
    this.input = input;
  }
}

export class SageMakerRuntimeClient {
  async send(command) {
    globalThis.sent.push([...command.input.Body]);
    return { Body: new Uint8Array() };
  }
}
