const time = /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g;

/** A sentence of the server with the moments in it as the reader writes them. */
export function withTimes(text: string, show: (time: string) => string): string {
  return text.replaceAll(time, (each) => (Number.isNaN(Date.parse(each)) ? each : show(each)));
}
