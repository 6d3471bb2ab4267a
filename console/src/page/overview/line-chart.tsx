/** Lines over time. What they show is also said in words, and in a table that screen readers and keyboards reach. */
import { defineComponent, onBeforeUnmount, onMounted, useTemplateRef, watch } from 'vue';
import Uplot from 'uplot';

import 'uplot/dist/uPlot.min.css';
import { AtTime } from '../../part/at-time.tsx';
import { DataTable } from '../../part/data/data-table.tsx';
import { text } from '../../text/en.ts';
import { findLonePoints } from './lone-points.ts';

export interface Line {
  readonly label: string;
  /** Custom property of the style that names its colour. */
  readonly colour: string;
  readonly values: readonly (number | null)[];
}

interface Props {
  readonly label: string;
  /** Instants, RFC 3339. */
  readonly at: readonly string[];
  readonly lines: readonly Line[];
}

const heightPx = 220;

export const LineChart = defineComponent(
  (props: Props) => {
    const place = useTemplateRef<HTMLElement>('place');
    let chart: Uplot | undefined;
    const draw = (): void => {
      chart?.destroy();
      if (!place.value || props.at.length === 0) return;
      chart = new Uplot(optionsOf(props, place.value.clientWidth), dataOf(props), place.value);
    };
    const resize = new ResizeObserver(() => {
      if (place.value) chart?.setSize({ width: place.value.clientWidth, height: heightPx });
    });
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    onMounted(() => {
      draw();
      if (place.value) resize.observe(place.value);
      scheme.addEventListener('change', draw);
    });
    watch(() => [props.at, props.lines], draw);
    onBeforeUnmount(() => {
      resize.disconnect();
      scheme.removeEventListener('change', draw);
      chart?.destroy();
    });
    return () => (
      <figure class="chart" aria-label={props.label}>
        <figcaption>
          <strong>{props.label}</strong>
          <span class="row small">
            {props.lines.map(({ label, colour }) => (
              <span class={['key', `key-${colour}`]}>{label}</span>
            ))}
          </span>
        </figcaption>
        <div ref="place" aria-hidden="true" />
        <details>
          <summary>{text.overview.asTable}</summary>
          <DataTable
            caption={props.label}
            columns={[
              {
                label: text.overview.columns.at,
                isName: true,
                cell: ({ at }) => <AtTime at={at} />,
              },
              ...props.lines.map(({ label, values }) => ({
                label,
                isNumber: true,
                cell: ({ index }: { readonly index: number }) => values[index] ?? '',
              })),
            ]}
            rows={props.at.map((at, index) => ({ at, index }))}
            idOf={({ at }) => at}
          />
        </details>
      </figure>
    );
  },
  { props: ['label', 'at', 'lines'] },
);

function optionsOf({ lines }: Props, width: number): Uplot.Options {
  const style = getComputedStyle(document.documentElement);
  // A canvas does not know custom properties, nor that a colour depends on the scheme.
  const probe = document.body.appendChild(document.createElement('span'));
  const colourOf = (name: string): string => {
    probe.style.color = style.getPropertyValue(`--${name}`);
    return getComputedStyle(probe).color;
  };
  const axis = { stroke: colourOf('muted'), grid: { stroke: colourOf('line'), width: 1 } };
  const options: Uplot.Options = {
    width,
    height: heightPx,
    legend: { show: false },
    cursor: { show: false },
    axes: [axis, { ...axis, size: 56 }],
    series: [
      {},
      ...lines.map(({ label, colour, values }) => {
        const stroke = colourOf(colour);
        // Where there is room, the library marks all points.
        const filter = (_chart: Uplot, _series: number, isShown: boolean): number[] | null =>
          isShown ? null : findLonePoints(values);
        return { label, stroke, width: 2, points: { size: 6, fill: stroke, filter } };
      }),
    ],
    scales: { y: { range: (_chart, _min, max) => [0, Math.max(1, max) * 1.05] } },
  };
  probe.remove();
  return options;
}

const dataOf = ({ at, lines }: Props): Uplot.AlignedData => [
  at.map(each => Date.parse(each) / 1_000),
  ...lines.map(({ values }) => [...values]),
];
