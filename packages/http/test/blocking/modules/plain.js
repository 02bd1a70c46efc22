const handler = (request) => `plain ${request.method}`;

// oxlint-disable-next-line import/no-default-export -- what is called without a name
export { handler as default };
