import { serviceBusConfig, shortened } from '../sandbox/service-bus-config.ts';
import names from '../shared/names.json';

/** The Config.json that Microsoft's own Service Bus emulator takes, as text. */
export function emulatorConfig(): string {
  return `${JSON.stringify(serviceBusConfig(shortened(names)), null, 2)}\n`;
}

if (process.argv[1] === __filename) process.stdout.write(emulatorConfig());
