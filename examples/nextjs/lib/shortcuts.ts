/** What the keyboard does, as the dialog of shortcuts shows it. Each line has the keys of one way or another. */
export interface Shortcut {
  /** Any of these does it; those of one are pressed together. */
  keys: readonly (readonly string[])[]
  what: string
}

export const SHORTCUTS: readonly { title: string; shortcuts: readonly Shortcut[] }[] = [
  {
    title: 'Everywhere',
    shortcuts: [
      { keys: [['n'], ['q']], what: 'New task' },
      { keys: [['/']], what: 'Search' },
      { keys: [['Ctrl', 'Z']], what: 'Undo what was done last' },
      { keys: [['?']], what: 'Show these shortcuts' },
      { keys: [['Esc']], what: 'Close, or leave a field as it was' },
    ],
  },
  {
    title: 'In the list of tasks',
    shortcuts: [
      { keys: [['j'], ['↓']], what: 'Next task' },
      { keys: [['k'], ['↑']], what: 'Previous task' },
      { keys: [['x']], what: 'Tick' },
      { keys: [['e']], what: 'Edit the title' },
      { keys: [['o']], what: 'Show all about it' },
      { keys: [['Alt', '↑'], ['Alt', '↓']], what: 'Move up or down' },
      { keys: [['Alt', '→'], ['Alt', '←']], what: 'Make it a part, or no part' },
      { keys: [['Delete']], what: 'To the trash' },
    ],
  },
  {
    title: 'When it is due, and how much it matters',
    shortcuts: [
      { keys: [['t']], what: 'Today' },
      { keys: [['m']], what: 'Tomorrow' },
      { keys: [['w']], what: 'Next week' },
      { keys: [['d']], what: 'No date' },
      { keys: [['1'], ['2'], ['3'], ['4']], what: 'Urgent to low' },
      { keys: [['0']], what: 'No priority' },
    ],
  },
  {
    title: 'In the sidebar',
    shortcuts: [
      { keys: [['Alt', '↑'], ['Alt', '↓']], what: 'Move a list up or down' },
      { keys: [['F2']], what: 'Rename a list or a tag' },
    ],
  },
]
