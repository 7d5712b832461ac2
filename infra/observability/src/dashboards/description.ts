/** A dashboard as it is written here: what to ask, and what it means. `toGrafana` makes the rest. */
export interface DashboardDescription {
  /** Its address, and the name of its file. */
  readonly uid: string;
  readonly title: string;
  readonly about: string;
  readonly variables: readonly Variable[];
  readonly rows: readonly Row[];
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

export interface Panel {
  readonly title: string;
  /** Shown with the panel: what is normal, and what to do when it is not. */
  readonly about: string;
  /** `number`: large, as it is now. `lines`: over time. `areas`: over time, on top of each other. `list`: a table, as it is now. */
  readonly form: 'number' | 'lines' | 'areas' | 'list';
  readonly unit: Unit;
  readonly queries: readonly Query[];
  /** Of 24. */
  readonly width: number;
  /** From which value on it is shown in which colour; green below. */
  readonly colours?: readonly Colour[];
  readonly max?: number;
  readonly decimals?: number;
}

export interface Query {
  readonly expr: string;
  /** Labels in `{{ }}`. */
  readonly legend: string;
  /** On a healthy system it has no series, as it selects trouble. */
  readonly emptyWhenHealthy?: boolean;
}

export interface Colour {
  readonly from: number;
  readonly colour: 'green' | 'orange' | 'red';
}

/** Grafana's names. */
export type Unit = 'none' | 'short' | 'ops' | 's' | 'bytes' | 'percentunit';

/** What its reader can choose from: the values of a label of a metric, all of them to begin with. */
export interface Variable {
  readonly name: 'service' | 'entity' | 'domain';
  readonly query: string;
}

export const domainVariable: Variable = {
  name: 'domain',
  query: 'label_values(freshet_domain_blessed, domain)',
};
