import { describeCase } from '../../graph/describe-case.ts';
import { kitCases } from './cases.ts';

for (const test of kitCases) describeCase(test);
