/** Why the system cannot start, in one sentence with what to do about it: shown as it is, without a stack trace. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
}
