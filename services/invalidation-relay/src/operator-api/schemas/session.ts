import * as z from 'zod';

/** What this caller may do. */
export const sessionSchema = z
  .object({
    actions: z
      .enum(['open', 'token', 'refused'])
      .describe(
        "open: actions are allowed as this request was sent; token: they need the operator's token; refused: they are not allowed from here",
      ),
    reason: z.string().optional().describe('Why not, and what to do'),
  })
  .meta({ id: 'Session' });

export type Session = z.output<typeof sessionSchema>;
