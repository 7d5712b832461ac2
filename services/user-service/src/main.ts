import { runService } from '@freshet/service-kit';
import { userService } from './app.ts';

await runService(userService);
