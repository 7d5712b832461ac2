import { expect, test } from 'vitest';
import { settle } from '../../test/fake-clock.ts';
import { KeyQueue } from './key-queue.ts';

function tasks(): {
  started: string[];
  task: (name: string) => () => Promise<string>;
  end: (name: string, error?: Error) => Promise<void>;
} {
  const started: string[] = [];
  const ends = new Map<string, (error?: Error) => void>();
  return {
    started,
    task: (name) => () => {
      started.push(name);
      return new Promise((resolve, reject) => {
        ends.set(name, (error) => (error === undefined ? resolve(name) : reject(error)));
      });
    },
    end(name, error) {
      ends.get(name)?.(error);
      return settle();
    },
  };
}

test('tasks of one key run one after another, in the order in which they came; of two keys side by side', async () => {
  const queue = new KeyQueue(10);
  const { started, task, end } = tasks();
  const results = [
    queue.run('a', task('a1')),
    queue.run('a', task('a2')),
    queue.run('b', task('b1')),
    queue.run('a', task('a3')),
  ];
  expect(started).toEqual(['a1', 'b1']);
  await end('a1');
  expect(started).toEqual(['a1', 'b1', 'a2']);
  await end('a2');
  await end('a3');
  await end('b1');
  expect(await Promise.all(results)).toEqual(['a1', 'a2', 'b1', 'a3']);
});

test('a task that fails fails alone', async () => {
  const queue = new KeyQueue(10);
  const { started, task, end } = tasks();
  const failed = queue.run('a', task('a1')).catch((error: Error) => error.message);
  const next = queue.run('a', task('a2'));
  await end('a1', new Error('rolled back'));
  expect(await failed).toBe('rolled back');
  expect(started).toEqual(['a1', 'a2']);
  await end('a2');
  expect(await next).toBe('a2');
});

test('a key whose tasks have ended begins anew at once', async () => {
  const queue = new KeyQueue(10);
  const { started, task, end } = tasks();
  const first = queue.run('a', task('a1'));
  await end('a1');
  await first;
  const second = queue.run('a', task('a2'));
  expect(started).toEqual(['a1', 'a2']);
  await end('a2');
  expect(await second).toBe('a2');
});

test('too many tasks that wait for one key are refused; those of another key are not', async () => {
  const queue = new KeyQueue(1);
  const { started, task, end } = tasks();
  const first = queue.run('a', task('a1'));
  const second = queue.run('a', task('a2'));
  await expect(queue.run('a', task('a3'))).rejects.toMatchObject({
    code: 'FRESHET_OVERLOADED',
    retryable: true,
  });
  void queue.run('b', task('b1'));
  await end('a1');
  await first;
  const third = queue.run('a', task('a4'));
  await end('a2');
  await end('a4');
  expect(await Promise.all([second, third])).toEqual(['a2', 'a4']);
  expect(started).toEqual(['a1', 'b1', 'a2', 'a4']);
});
