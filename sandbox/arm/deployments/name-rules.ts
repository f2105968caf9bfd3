import type { ArmError } from '../errors.ts';

interface NameRule {
  pattern: RegExp;
  code: string;
  message(name: string): string;
}

/** Naming rules of providers that preflight checks; from Azure's naming rules page. */
const RULES: Record<string, NameRule> = {
  'microsoft.storage/storageaccounts': {
    pattern: /^[a-z0-9]{3,24}$/,
    code: 'AccountNameInvalid',
    message: (name) =>
      `${name} is not a valid storage account name. Storage account name must be between 3 and 24 characters in length and use numbers and lower-case letters only.`,
  },
  'microsoft.keyvault/vaults': {
    pattern: /^(?!.*--)[a-zA-Z][a-zA-Z0-9-]{1,22}[a-zA-Z0-9]$/,
    code: 'VaultNameNotValid',
    message: (name) =>
      `The vault name '${name}' is invalid. A vault's name must be between 3-24 alphanumeric characters. The name must begin with a letter, end with a letter or digit, and not contain consecutive hyphens.`,
  },
  'microsoft.servicebus/namespaces': {
    pattern: /^[a-zA-Z][a-zA-Z0-9-]{4,48}[a-zA-Z0-9]$/,
    code: 'BadRequest',
    message: (name) => `The specified service namespace '${name}' is invalid.`,
  },
};

/** What a provider has against the name of a resource. */
export function nameProblem(type: string, name: string): ArmError | undefined {
  const rule = RULES[type.toLowerCase()];
  if (!rule || rule.pattern.test(name)) return undefined;
  return { code: rule.code, target: name, message: rule.message(name) };
}
