/** Chart.js, of which bars alone are taken. */
import {
  BarController,
  BarElement,
  CategoryScale,
  Chart,
  LinearScale,
  Tooltip,
  type ChartConfiguration,
} from 'chart.js';
import type { Tone } from '../../tones';

Chart.register(BarController, BarElement, CategoryScale, LinearScale, Tooltip);

export type BarColour = Tone | 'accent' | 'soft';

export interface Bars {
  readonly name: string;
  /** Null: not known. */
  readonly values: readonly (number | null)[];
  /** One for all, or one each. */
  readonly colours: BarColour | readonly BarColour[];
}

export interface BarChartContent {
  readonly bars: readonly Bars[];
  readonly labels: readonly string[];
  /** First lines of the tooltip of each place. */
  readonly titles: readonly string[];
  readonly format: (value: number) => string;
  /** A line of the tooltip. */
  readonly say: (name: string, value: string) => string;
  /** The place that is marked; -1: none. */
  readonly selected: number;
}

const COLOURS: Record<BarColour, string> = {
  good: '--good-light',
  warn: '--warn-light',
  bad: '--bad-light',
  busy: '--accent',
  calm: '--text-off',
  accent: '--accent',
  soft: '--text-off',
};

type BarConfiguration = ChartConfiguration<'bar', (number | null)[], string>;
export type BarChart = Chart<'bar', (number | null)[], string>;

export function createBarChart(
  canvas: HTMLCanvasElement,
  content: BarChartContent,
  choose: (index: number) => void,
): BarChart {
  return new Chart(canvas, {
    type: 'bar',
    ...drawn(content),
    options: optionsOf(content, choose),
  });
}

/** The colours are the style sheet's own, as the theme of the moment has them. */
function drawn({ bars, labels, selected }: BarChartContent): Pick<BarConfiguration, 'data'> {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: BarColour): string => style.getPropertyValue(COLOURS[name]).trim();
  const text = style.getPropertyValue('--text').trim();
  const datasets = bars.map(({ name, values, colours }) => ({
    label: name,
    data: [...values],
    backgroundColor: typeof colours === 'string' ? colour(colours) : colours.map(colour),
    borderColor: text,
    borderWidth: values.map((_, index) => (index === selected ? 2 : 0)),
    maxBarThickness: 26,
    borderRadius: 2,
  }));
  return { data: { labels: [...labels], datasets } };
}

function optionsOf(
  { titles, format, say }: BarChartContent,
  choose: (index: number) => void,
): NonNullable<BarConfiguration['options']> {
  const style = getComputedStyle(document.documentElement);
  const ticks = { color: style.getPropertyValue('--text-soft').trim(), font: { size: 11 } };
  const line = style.getPropertyValue('--line').trim();
  return {
    animation: false,
    maintainAspectRatio: false,
    interaction: { mode: 'index', intersect: false },
    onClick: (_event, elements) => {
      const index = elements[0]?.index;
      if (index !== undefined) choose(index);
    },
    scales: {
      x: {
        stacked: true,
        ticks: { ...ticks, maxRotation: 0 },
        grid: { display: false },
        border: { color: line },
      },
      y: {
        stacked: true,
        beginAtZero: true,
        border: { display: false },
        grid: { color: line },
        ticks: { ...ticks, maxTicksLimit: 5, callback: (value) => format(Number(value)) },
      },
    },
    plugins: {
      tooltip: {
        callbacks: {
          title: (items) => titles[items[0]?.dataIndex ?? -1] ?? '',
          label: ({ dataset, parsed }) => say(dataset.label ?? '', format(parsed.y ?? 0)),
        },
      },
    },
  };
}
