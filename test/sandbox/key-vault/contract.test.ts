import { keyVaultOperations } from '../../../sandbox/key-vault/contract.ts';
import { testAgainstSpecification } from '../twin/contract-folder.ts';
import { readSwagger } from '../twin/swagger-spec.ts';

testAgainstSpecification({
  service: 'Key Vault',
  operations: keyVaultOperations,
  files: ['keyvault/secrets-7.5.json'],
  read: (text) => readSwagger(text),
});
