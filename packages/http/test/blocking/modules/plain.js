const handler = (request) => `plain ${request.method}`;

export { handler as default };
