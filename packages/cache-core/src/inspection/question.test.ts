import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  decodeAnswer,
  decodeQuestion,
  encodeAnswer,
  encodeQuestion,
  type InspectionAnswer,
  type InspectionQuestion,
} from './question.ts';

const fixture = JSON.parse(
  readFileSync(new URL('../../fixtures/inspection.v1.json', import.meta.url), 'utf8'),
) as {
  questions: { text: string; question: InspectionQuestion }[];
  answers: { text: string; answer: InspectionAnswer }[];
};

test('writes and reads what the first release does', () => {
  for (const { text, question } of fixture.questions) {
    expect(encodeQuestion(question)).toBe(text);
    expect(decodeQuestion(text)).toEqual(question);
  }
  for (const { text, answer } of fixture.answers) {
    expect(encodeAnswer(answer)).toBe(text);
    expect(decodeAnswer(text)).toEqual(answer);
  }
});

const question = { v: 1, id: '1', replyTo: 'cache:inspected:shop:a' };

test.each([
  ['no JSON', 'hello'],
  ['no object', '[]'],
  ['another format', JSON.stringify({ ...question, v: 2 })],
  ['an answer that would ring a doorbell', JSON.stringify({ ...question, replyTo: 'cache:invalidate:shop' })],
  ['too many keys', JSON.stringify({ ...question, keys: Array.from({ length: 201 }, () => 'shop:item:a') })],
  ['keys that are none', JSON.stringify({ ...question, keys: [1] })],
  ['a sample of less than nothing', JSON.stringify({ ...question, sample: -1 })],
])('a question is not understood: %s', (_, text) => {
  expect(decodeQuestion(text)).toBeNull();
});

test('no more than 200 entries are picked, however many are asked for', () => {
  expect(decodeQuestion(JSON.stringify({ ...question, sample: 1e9 }))).toMatchObject({ sample: 200 });
});

test('an answer of another shape is none', () => {
  const [{ text } = { text: '' }] = fixture.answers;
  const answer = JSON.parse(text) as Record<string, unknown>;
  for (const broken of [
    { ...answer, v: 2 },
    { ...answer, replica: {} },
    { ...answer, held: [['user:profile:1', '-1', 1, 0, 0, 1]] },
    { ...answer, held: [['user:profile', '1', 1, 0, 0, 1]] },
    { ...answer, sample: 'all' },
    { ...answer, applied: { '3-1': 'yesterday' } },
  ]) {
    expect({ broken, read: decodeAnswer(JSON.stringify(broken)) }).toEqual({ broken, read: null });
  }
});
