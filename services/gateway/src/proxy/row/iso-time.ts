/** Texts of times, ISO 8601 in UTC with milliseconds, for times that mostly share their second with the one before. */
export function createIsoTime(): (timeMs: number) => string {
  let second = Number.NaN;
  let start = '';
  return (timeMs) => {
    const itsSecond = Math.floor(timeMs / 1_000);
    if (itsSecond !== second) {
      second = itsSecond;
      start = new Date(second * 1_000).toISOString().slice(0, -4);
    }
    return `${start}${String(timeMs - second * 1_000).padStart(3, '0')}Z`;
  };
}
