import { audit } from './audit.ts';
import type { DashboardDescription } from './description.ts';
import { invalidations } from './invalidations.ts';
import { overview } from './overview.ts';
import { service } from './service.ts';

export const dashboards: readonly DashboardDescription[] = [overview, service, invalidations, audit];
