import { shapeOf } from '../shape.ts';
import { permit, type EventType } from './event.ts';

export const alexaSkill: EventType = {
  shape: shapeOf({ text: 'SkillId' }),
  add(event) {
    permit(event, 'alexa-appkit.amazon.com', { EventSourceToken: event.properties['SkillId'] });
  },
};
