/** Azure Resource Manager, as far as a release needs it. */
export interface ArmClient {
  readonly subscription: string;
}
