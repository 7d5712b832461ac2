import { runService } from '@freshet/service-kit';
import { inventoryService } from './app.ts';

await runService(inventoryService);
