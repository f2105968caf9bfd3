import type { AppLifecycle } from '../app-lifecycle.ts';
import type { Invoker } from '../invoker.ts';
import type { LoadedApp } from '../loaded-app.ts';
import { manualRequest } from '../manual-run.ts';
import type { AdminRoutes } from './admin.ts';

/** The admin routes of a running app. */
export function createAdminRoutes(lifecycle: AppLifecycle, invoker: Invoker): AdminRoutes {
  return {
    status: async () => {
      const app = await loaded(lifecycle);
      return {
        state: lifecycle.state(),
        version: '4.34.0',
        processUptime: Math.round(process.uptime() * 1000),
        errors: lifecycle.errors(),
        functions: app?.functions.map(({ name }) => name) ?? [],
        running: invoker.running(),
      };
    },
    run: async (functionName, input) => {
      const app = await loaded(lifecycle);
      const definition = app?.functions.find(({ name }) => name.toLowerCase() === functionName.toLowerCase());
      const request = definition && manualRequest(definition, input);
      if (!request) return false;
      invoker.invoke(definition, request).catch(() => {}); // the log tells
      return true;
    },
  };
}

function loaded(lifecycle: AppLifecycle): Promise<LoadedApp | undefined> {
  return lifecycle.app().catch(() => undefined);
}
