import {
  type Attributes,
  attributesOf,
  decode,
  messageType,
  type WireKeyValue,
  type WireResource,
} from './otlp-common.ts';

const exportRequest = messageType(
  'ExportMetricsServiceRequest',
  `
  message ExportMetricsServiceRequest { repeated ResourceMetrics resource_metrics = 1; }
  message ResourceMetrics { Resource resource = 1; repeated ScopeMetrics scope_metrics = 2; }
  message ScopeMetrics { InstrumentationScope scope = 1; repeated Metric metrics = 2; }
  message Metric {
    string name = 1;
    string description = 2;
    string unit = 3;
    oneof data { Points gauge = 5; Points sum = 7; HistogramPoints histogram = 9; }
  }
  message Points { repeated Point data_points = 1; }
  message Point { repeated KeyValue attributes = 7; }
  message HistogramPoints { repeated HistogramPoint data_points = 1; }
  message HistogramPoint { repeated KeyValue attributes = 9; }
`,
);

/** One metric of one export: what there is of it, not its figures. */
export interface ReceivedMetric {
  readonly resource: Attributes;
  readonly name: string;
  readonly description: string;
  readonly unit: string;
  readonly type: 'gauge' | 'sum' | 'histogram' | 'other';
  /** The labels of each of its series. */
  readonly series: readonly Attributes[];
}

/** The metrics of an OTLP ExportMetricsServiceRequest in protobuf; throws when it is not one. */
export function decodeMetricRequest(body: Uint8Array): ReceivedMetric[] {
  const request = decode(exportRequest, body) as WireRequest;
  return request.resourceMetrics.flatMap(({ resource, scopeMetrics }) =>
    scopeMetrics.flatMap(({ metrics }) =>
      metrics.map(({ name, description, unit, data, ...points }) => ({
        resource: attributesOf(resource?.attributes ?? []),
        name,
        description,
        unit,
        type: data ?? 'other',
        series: (data && points[data]?.dataPoints)?.map(({ attributes }) => attributesOf(attributes)) ?? [],
      })),
    ),
  );
}

interface WireRequest {
  readonly resourceMetrics: readonly {
    readonly resource: WireResource | null;
    readonly scopeMetrics: readonly { readonly metrics: readonly WireMetric[] }[];
  }[];
}

interface WireMetric {
  readonly name: string;
  readonly description: string;
  readonly unit: string;
  readonly data?: 'gauge' | 'sum' | 'histogram';
  readonly gauge?: WirePoints;
  readonly sum?: WirePoints;
  readonly histogram?: WirePoints;
}

interface WirePoints {
  readonly dataPoints: readonly { readonly attributes: readonly WireKeyValue[] }[];
}
