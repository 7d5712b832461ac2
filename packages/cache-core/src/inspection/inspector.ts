import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { Clock } from '../clock.ts';
import { listen } from '../freshness-lease/doorbell.ts';
import {
  answerChannel,
  decodeAnswer,
  encodeQuestion,
  type InspectionAnswer,
  type InspectionQuestion,
  questionChannel,
} from './question.ts';

/** Asks every replica of a domain what it holds. */
export interface Inspector {
  /** One answer of each replica that gave one in time; those that come later are dropped. Rejects when Redis is away. */
  ask(question: Omit<InspectionQuestion, 'id' | 'replyTo'>): Promise<InspectionAnswer[]>;
  close(): Promise<void>;
}

export interface InspectorOptions {
  /** From `connectRedis`; a duplicate of it listens. */
  redis: Redis;
  domain: string;
  clock: Clock;
  /** Milliseconds that replicas have to answer. */
  patienceMs: number;
}

interface Asked {
  /** How many have heard the question; unknown until Redis says so. */
  heardBy: number;
  readonly answers: InspectionAnswer[];
  readonly done: () => void;
}

export function openInspector({ redis, domain, clock, patienceMs }: InspectorOptions): Inspector {
  const replyTo = answerChannel(`${domain}:${randomUUID()}`);
  const asked = new Map<string, Asked>();
  let count = 0;
  const finishIfAll = ({ answers, heardBy, done }: Asked): void => {
    if (answers.length >= heardBy) done();
  };
  const onAnswer = (text: string): void => {
    const answer = decodeAnswer(text);
    const question = answer === null ? undefined : asked.get(answer.id);
    if (answer === null || question === undefined) return;
    question.answers.push(answer);
    finishIfAll(question);
  };
  const subscription = listen(redis, clock, { channels: new Map([[replyTo, onAnswer]]) });
  return {
    async ask(question) {
      const id = String(++count);
      const answers: InspectionAnswer[] = [];
      const { promise: all, resolve: done } = Promise.withResolvers<void>();
      const entry: Asked = { heardBy: Number.POSITIVE_INFINITY, answers, done };
      asked.set(id, entry);
      const stopWaiting = clock.after(patienceMs, done);
      try {
        entry.heardBy = await redis.publish(
          questionChannel(domain),
          encodeQuestion({ id, replyTo, ...question }),
        );
        finishIfAll(entry);
        await all;
        return answers;
      } finally {
        stopWaiting();
        asked.delete(id);
      }
    },
    close: () => subscription.close(),
  };
}
