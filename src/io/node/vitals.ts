import type { ReadVitals } from '../vitals.ts';

export const readNodeVitals: ReadVitals = () => {
  const { rss, heapUsed, heapTotal, external } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  return {
    residentBytes: rss,
    heapUsedBytes: heapUsed,
    heapTotalBytes: heapTotal,
    externalBytes: external,
    cpuSeconds: (user + system) / 1e6,
    loopActiveSeconds: performance.eventLoopUtilization().active / 1000,
    startedAtSeconds: performance.timeOrigin / 1000,
  };
};
