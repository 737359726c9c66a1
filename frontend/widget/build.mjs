export async function buildWidget() { return []; }
