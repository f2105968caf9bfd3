/** Used by the main file and by the one that is loaded later: both must mean the same class. */
export class Refusal extends Error {}
