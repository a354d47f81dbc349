/** Rows by id, as they are shown. */
import { behind, beside } from './position'
import type { Task } from './types'

/** Whoever was shown the rows sees no later change: the first one after that is made in a copy. */
export class Table<Row extends { position: string }> {
  private rows = new Map<string, Row>()
  private isShown = false

  show(): ReadonlyMap<string, Row> {
    this.isShown = true
    return this.rows
  }

  get(id: string | null | undefined): Row | undefined {
    return this.rows.get(id ?? '')
  }

  values(): Iterable<Row> {
    return this.rows.values()
  }

  put(id: string, row: Row | undefined): void {
    if (this.rows.get(id) === row) return
    if (this.isShown) this.rows = new Map(this.rows)
    this.isShown = false
    if (row) this.rows.set(id, row)
    else this.rows.delete(id)
  }
}

export class Tasks extends Table<Task> {
  /** Ids of what is directly in a list or directly below a task. */
  private readonly inside = new Map<string, Set<string>>()
  /** The last positions there, as far as somebody asked, or further. */
  private readonly ends = new Map<string, string>()

  override put(id: string, row: Task | undefined): void {
    const before = this.get(id)
    const [from, to] = [before && placeOf(before), row && placeOf(row)]
    if (from !== to) {
      if (from) this.inside.get(from)?.delete(id)
      if (to) this.inside.set(to, (this.inside.get(to) ?? new Set()).add(id))
    }
    super.put(id, row)
    const end = row && to && this.ends.get(to)
    if (end && row.position > end) this.ends.set(to, row.position)
  }

  /** All below a task, or all of a list. */
  below(place: string): Task[] {
    // A set that grows while it is read goes on to its end, and tells what it has.
    const ids = new Set(this.inside.get(place))
    for (const id of ids) for (const part of this.inside.get(id) ?? []) ids.add(part)
    return [...ids].flatMap((id) => this.get(id) ?? [])
  }

  /** The position of what comes last in a place. */
  end(place: string): string {
    const last = this.ends.get(place)
    const end = behind(last === undefined ? this.positions(place) : [last])
    this.ends.set(place, end)
    return end
  }

  /** The position of a task that comes right before or behind another one. */
  beside(id: string, neighbour: Task, isBefore: boolean): string {
    return beside(neighbour.position, isBefore, this.positions(placeOf(neighbour), id))
  }

  /** What comes last may be another one now. */
  reset(): void {
    this.ends.clear()
  }

  /** Of what is there and not in the trash. */
  private *positions(place: string, except?: string): Iterable<string> {
    for (const id of this.inside.get(place) ?? []) {
      const task = this.get(id)
      if (task && !task.deleted_at && id !== except) yield task.position
    }
  }
}

/** What a task is directly in. */
export const placeOf = ({ parent_id, list_id }: Pick<Task, 'parent_id' | 'list_id'>): string =>
  parent_id ?? list_id
