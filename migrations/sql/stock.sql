-- Every movement is looked at once more here, under the lock of its type: what goes must be where it goes from. So two
-- people cannot use the same piece, and no place falls below zero, whatever the program asks.
CREATE FUNCTION taar_move_stock() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    tracked text;
    held item%ROWTYPE;
    there numeric;
BEGIN
    SELECT tracking INTO tracked FROM item_type WHERE id = NEW.type_id FOR NO KEY UPDATE;
    IF (tracked = 'serial') <> (NEW.item_id IS NOT NULL) OR (tracked = 'serial' AND NEW.quantity <> 1) THEN
        RAISE EXCEPTION 'Type % is tracked by %: one movement a piece of a serial, none with an item otherwise',
            NEW.type_id, tracked USING ERRCODE = 'check_violation';
    END IF;
    IF tracked <> 'length' AND NEW.quantity <> trunc(NEW.quantity) THEN
        RAISE EXCEPTION 'Pieces are whole, not %', NEW.quantity USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.item_id IS NOT NULL THEN
        SELECT * INTO held FROM item WHERE id = NEW.item_id FOR NO KEY UPDATE;
        IF held.type_id IS DISTINCT FROM NEW.type_id
           OR (held.holder_kind, held.holder_id) IS DISTINCT FROM (NEW.from_kind, NEW.from_id) THEN
            RAISE EXCEPTION 'Serial % is with % %, not with % %', held.serial, held.holder_kind, held.holder_id,
                NEW.from_kind, NEW.from_id USING ERRCODE = 'check_violation';
        END IF;
        UPDATE item SET holder_kind = NEW.to_kind, holder_id = NEW.to_id, ownership = NEW.ownership,
                        condition = NEW.condition WHERE id = NEW.item_id;
    ELSIF NEW.from_kind IN ('warehouse', 'technician', 'customer') THEN
        SELECT (SELECT coalesce(sum(quantity), 0) FROM movement
                 WHERE type_id = NEW.type_id AND to_kind = NEW.from_kind AND to_id = NEW.from_id)
             - (SELECT coalesce(sum(quantity), 0) FROM movement
                 WHERE type_id = NEW.type_id AND from_kind = NEW.from_kind AND from_id = NEW.from_id)
          INTO there;
        IF there < NEW.quantity THEN
            RAISE EXCEPTION 'Only % of type % is there, % was to leave', there, NEW.type_id, NEW.quantity
                USING ERRCODE = 'check_violation';
        END IF;
    END IF;
    RETURN NEW;
END $$;

-- A piece begins outside, and is carried by its movements only.
CREATE FUNCTION taar_guard_item() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.holder_kind NOT IN ('outside', 'vendor', 'count') THEN
            RAISE EXCEPTION 'Serial % comes in by a movement', NEW.serial USING ERRCODE = 'check_violation';
        END IF;
    ELSIF pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION 'Serial % moves by a movement only', OLD.serial USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER moves BEFORE INSERT ON movement FOR EACH ROW EXECUTE FUNCTION taar_move_stock();
CREATE TRIGGER arrives BEFORE INSERT ON item FOR EACH ROW EXECUTE FUNCTION taar_guard_item();
CREATE TRIGGER carried BEFORE UPDATE ON item FOR EACH ROW
    WHEN ((OLD.holder_kind, OLD.holder_id, OLD.ownership, OLD.condition, OLD.type_id)
          IS DISTINCT FROM (NEW.holder_kind, NEW.holder_id, NEW.ownership, NEW.condition, NEW.type_id))
    EXECUTE FUNCTION taar_guard_item();
CREATE TRIGGER kept BEFORE DELETE ON item FOR EACH ROW EXECUTE FUNCTION taar_refuse_change();
