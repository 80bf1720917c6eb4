/** The toolbar with a button a group of tools, the row with the tools of the group in hand, and their keys. */
import type { layerNames } from '../drawing/changes.ts';
import { say } from '../texts/say.ts';
import type { Tool, ToolGroup, ToolOption } from '../tools/tool.ts';
import { groupOf, toolGroups, toolOf } from '../tools/tools.ts';
import { div, type IconName, make } from './dom.ts';
import type { Editor } from './editor.ts';
import type { Shortcut } from './shortcuts.ts';
import { takes } from './takes.ts';

export function connectTools(editor: Editor): { shortcuts: Shortcut[] } {
  const groups = toolGroups;
  /** Why a tool cannot be used here. */
  const problemOf = ({ needsServer }: Tool): string | undefined =>
    needsServer && !editor.description.server ? say`Not on this page: ${needsServer}.` : undefined;
  /** Of each group the tool that was used last. */
  const last = new Map(groups.map((group) => [group, group.tools[0]]));
  const use = (tool: Tool) => {
    editor.tool.value = tool;
  };
  const useGroup = (group: ToolGroup) => {
    if (groupOf(editor.tool.value) !== group) use(last.get(group) ?? group.tools[0]);
  };

  const buttons = groups.map((group) => {
    const button = toolButton('tool', group.icon, group.name, group.key);
    button.dataset.tool = group.id;
    button.append(make('span', '', group.label));
    button.addEventListener('click', () => useGroup(group));
    return { group, button };
  });
  div('tools').append(...buttons.map(({ button }) => button));

  editor.model.watch((model) => {
    for (const { group, button } of buttons) button.hidden = !takes(model, group.needs);
  });

  const ways = groups.flatMap((group) =>
    group.tools.map((tool, place) => {
      const button = toolButton('button icon-only', tool.icon, tool.name, tool.key ?? String(place + 1));
      const problem = problemOf(tool);
      Object.assign(button.dataset, { way: tool.id, help: problem ?? tool.help, word: tool.label });
      button.disabled = problem !== undefined;
      button.addEventListener('click', () => use(tool));
      return { group, tool, button };
    }),
  );
  div('ways').append(...ways.map(({ button }) => button));

  const options = [...new Set(groups.flatMap(({ tools }) => tools.flatMap(({ options = [] }) => options)))];
  const toggles = options.map((option) => {
    const button = toolButton('button icon-only', option.icon, option.name, option.key);
    Object.assign(button.dataset, { option: option.id, word: option.label });
    button.addEventListener('click', () => toggle(option));
    option.value.watch((isOn) => button.setAttribute('aria-pressed', String(isOn)));
    return { option, button };
  });
  div('tool-options').append(...toggles.map(({ button }) => button));

  editor.tool.watch((tool) => {
    const group = groupOf(tool);
    if (group) last.set(group, tool);
    for (const each of buttons) each.button.setAttribute('aria-pressed', String(each.group === group));
    for (const each of ways) {
      each.button.hidden = each.group !== group || each.group.tools.length < 2;
      each.button.setAttribute('aria-pressed', String(each.tool === tool));
    }
    for (const { option, button } of toggles) button.hidden = !tool.options?.includes(option);
  });

  const most = Math.max(...groups.map(({ tools }) => tools.length));
  const erase = (layer: (typeof layerNames)[number]) => () => {
    editor.layer.value = layer;
    use(toolOf('eraser'));
  };
  return {
    shortcuts: [
      ...groups.map((group) => ({
        keys: [group.key],
        name: group.name,
        needs: group.needs,
        run: () => useGroup(group),
      })),
      {
        keys: Array.from({ length: most }, (_, k) => String(k + 1)),
        shown: `1 – ${most}`,
        name: say`Ways to draw, from left to right`,
        run: (key) => {
          const tool = groupOf(editor.tool.value)?.tools[Number(key) - 1];
          if (tool && !problemOf(tool)) use(tool);
        },
      },
      ...groups.flatMap(({ tools, needs }) =>
        tools.flatMap((tool) =>
          tool.key ? [{ keys: [tool.key], name: tool.name, needs, run: () => use(tool) }] : [],
        ),
      ),
      ...options.map((option) => ({ keys: [option.key], name: option.name, run: () => toggle(option) })),
      { keys: ['Shift+H'], name: say`Erase hole`, run: erase('hole') },
      { keys: ['Shift+L'], name: say`Erase lines`, needs: 'sketch', run: erase('lines') },
      { keys: ['Shift+C'], name: say`Erase colours`, needs: 'colour', run: erase('colour') },
    ],
  };
}

function toggle({ value }: ToolOption): void {
  value.value = !value.value;
}

function toolButton(className: string, icon: IconName, name: string, key: string): HTMLButtonElement {
  const button = make('button', className);
  button.type = 'button';
  Object.assign(button.dataset, { icon, key });
  button.setAttribute('aria-label', name);
  return button;
}
