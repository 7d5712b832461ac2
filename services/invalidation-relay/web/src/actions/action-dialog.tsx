import './actions.css';
import { useSignal } from '@preact/signals';
import { ApiProblem, asProblem } from '../api/problem.ts';
import { Dialog } from '../layout/dialog.tsx';
import { audit } from '../live/store.ts';
import { type Action, notice, proposed } from './action.ts';
import { becomeOperator, credentials, forgetToken, session } from './operator.ts';

const SHOWN_SUBJECTS = 6;

export function ActionDialog() {
  const action = proposed.value;
  if (action === null) return null;
  return (
    <Dialog title={action.title} onClose={() => (proposed.value = null)}>
      <ActionForm key={action.title} action={action} />
    </Dialog>
  );
}

function ActionForm({ action }: { action: Action }) {
  const name = useSignal(credentials.value.name);
  const token = useSignal(credentials.value.token);
  const reason = useSignal('');
  const problem = useSignal<ApiProblem | null>(null);
  const busy = useSignal(false);
  const { value: permission } = session.known.value;

  if (permission?.actions === 'refused') {
    return <p class="problem">{permission.reason ?? 'This relay allows no actions from here.'}</p>;
  }
  const asksToken =
    permission?.actions === 'token' && (credentials.value.token === '' || refused(problem.value));

  async function perform(event: Event): Promise<void> {
    event.preventDefault();
    busy.value = true;
    problem.value = null;
    becomeOperator({ name: name.value, token: token.value });
    try {
      await action.perform(reason.value.trim(), credentials.value);
      proposed.value = null;
      notice.value = action.done;
      // It holds the operator's log.
      void audit.load();
    } catch (error) {
      problem.value = asProblem(error);
      if (refused(problem.value)) {
        forgetToken();
        token.value = '';
        await session.load();
      }
    } finally {
      busy.value = false;
    }
  }

  const more = action.subjects.length - SHOWN_SUBJECTS;
  return (
    <form class="action" onSubmit={(event) => void perform(event)}>
      <p>{action.effect}</p>
      <ul class="subjects">
        {action.subjects.slice(0, SHOWN_SUBJECTS).map((subject) => (
          <li key={subject} class="code">
            {subject}
          </li>
        ))}
        {more > 0 && <li>and {more} more</li>}
      </ul>
      <label>
        Why <span class="hint">written to the operator’s log</span>
        <input
          name="reason"
          required
          maxLength={500}
          autocomplete="off"
          autofocus
          value={reason.value}
          onInput={(event) => (reason.value = event.currentTarget.value)}
        />
      </label>
      <label>
        Your name <span class="hint">optional, logged with it</span>
        <input
          name="operator"
          maxLength={100}
          autocomplete="off"
          value={name.value}
          onInput={(event) => (name.value = event.currentTarget.value)}
        />
      </label>
      {asksToken && (
        <label>
          Operator token <span class="hint">kept until this tab is closed</span>
          <input
            name="token"
            type="password"
            required
            autocomplete="off"
            value={token.value}
            onInput={(event) => (token.value = event.currentTarget.value)}
          />
        </label>
      )}
      <p class="problem" role="alert">
        {problem.value?.message}
      </p>
      <div class="buttons">
        <button type="button" class="button" onClick={() => (proposed.value = null)}>
          Cancel
        </button>
        <button type="submit" class="button primary" disabled={busy.value}>
          {busy.value ? 'Sending …' : action.verb}
        </button>
      </div>
    </form>
  );
}

function refused(problem: ApiProblem | null): boolean {
  return problem?.status === 401;
}
