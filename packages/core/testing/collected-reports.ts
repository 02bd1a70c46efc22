export { CollectedReports } from '../src/sim/collected-reports.ts';
